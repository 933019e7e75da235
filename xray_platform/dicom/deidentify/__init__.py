"""De-identification: default deny; what may stay is a table of attributes and value rules, the rest goes."""
