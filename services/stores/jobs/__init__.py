"""The job store, the only writer of the tables job, job_input and job_file."""
