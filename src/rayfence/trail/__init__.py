"""The audit trail as pure code: record format, hash chain, signed heads, verification, query, export.

Nothing here opens a file.
"""
