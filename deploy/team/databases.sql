-- What MLflow keeps beside Dagster's database; PostgreSQL runs this once, when its folder is made.
CREATE DATABASE mlflow;
