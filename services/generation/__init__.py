"""Generation: requests, the steps of an attempt from submit to stored file, records, batches and reuse of results."""
