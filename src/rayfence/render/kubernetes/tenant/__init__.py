"""What a tenant has before anything runs in it: namespaces, bounds, accounts, rights, storage."""
