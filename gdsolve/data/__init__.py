"""Files and standard input -> named columns -> batches: the only place that knows file formats."""
