"""What a tenant of the examples brings in its image: a Serve application and a job."""
