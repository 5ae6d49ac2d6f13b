# The gateway: Envoy and the gateway service, for the two containers of its pod. Nothing else is in it, not even a shell.
#
#   docker build --tag registry.example/rayfence-gateway .      (podman and buildah take the same arguments)
#
# Runs as user 65532 on a read-only root. BASE is used to build only: any Debian-like image with Python 3.11 or newer, its
# venv module, and ldd. Name it by digest where builds must be repeatable.
ARG BASE=docker.io/library/python:3.11-slim-bookworm

FROM ${BASE} AS build
WORKDIR /build
RUN python3 -m venv /opt/rayfence
# Locked versions, every artefact's hash checked.
COPY requirements/gateway.txt requirements/
RUN /opt/rayfence/bin/python -m pip install --no-cache-dir --disable-pip-version-check --no-compile --only-binary :all: \
    --require-hashes --requirement requirements/gateway.txt
# The rooms that the gateway may import, and none of the compiler: what is not there has no hole.
COPY src/rayfence/__init__.py src/rayfence/errors.py /opt/rayfence/rooms/rayfence/
COPY src/rayfence/model /opt/rayfence/rooms/rayfence/model
COPY src/rayfence/ports /opt/rayfence/rooms/rayfence/ports
COPY src/rayfence/catalog /opt/rayfence/rooms/rayfence/catalog
COPY src/rayfence/access /opt/rayfence/rooms/rayfence/access
COPY src/rayfence/trail /opt/rayfence/rooms/rayfence/trail
COPY src/rayfence/gateway /opt/rayfence/rooms/rayfence/gateway
COPY tools/image_root.py tools/
RUN mv /opt/rayfence/rooms/rayfence /opt/rayfence/lib/python3.*/site-packages/ && rmdir /opt/rayfence/rooms \
    && python3 tools/image_root.py /opt/rayfence /root-of-image

FROM scratch
COPY --from=build /root-of-image/ /
ENV PATH=/opt/rayfence/bin PYTHONUNBUFFERED=1 PYTHONDONTWRITEBYTECODE=1
USER 65532:65532
WORKDIR /
CMD ["python", "-m", "rayfence.gateway", "/etc/rayfence/gateway/gateway.json"]
LABEL org.opencontainers.image.title="rayfence gateway" org.opencontainers.image.licenses="Apache-2.0"
