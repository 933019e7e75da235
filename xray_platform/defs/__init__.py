"""The roof: thin Dagster assets, checks, jobs, schedules, sensors and resources."""
