// Only for the CustomResourceDefinitions in these modules: nothing is compiled. `go mod tidy` would empty it.
module rayfence.dev/tests/cluster/definitions

go 1.26.0

require (
	github.com/cert-manager/cert-manager v1.21.2
	github.com/ray-project/kuberay/ray-operator v1.6.0
	sigs.k8s.io/gateway-api v1.4.0
	sigs.k8s.io/kueue v0.18.4
)
