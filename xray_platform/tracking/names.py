"""Names: what models, aliases and tags are called in MLflow; light enough for who reads its database without it."""

EXPERIMENT = "xray"
PREFIX = "xray-"
CHAMPION_MODEL = "xray-champion"
CHAMPION = "champion"
CHALLENGER = "challenger"
PREVIOUS = "previous"
CURRENT = "current"  # of the versions of one model, the one whose report was written last
LOGGED_AT = "logged_at"
LOGGED = "model_id"  # the version's own field of that name is not kept by MLflow's database
BUNDLE = "xray.bundle"  # the tag that holds a bundle's id, in MLflow's database
ARTIFACT = "bundle"
MODEL = "xray.model"
DATABASE = "mlflow.db"
