"""Data shipped with rayfence (routes, roles, versions, constraints) and its strict loaders, one module each.

Nothing is exported here: whoever needs one table does not pay for loading the code of the others.
"""
