"""Who sees and writes filters and changes of datasets; analyses read filters by name."""

from django.db import migrations

from schema.security import SERVICES, protect, readable, writable

INGESTION, ANALYTICS = SERVICES[1:3]
FILTER, CHANGE = "data_ingestion_datasetfilter", "data_ingestion_datasetchange"


class Migration(migrations.Migration):
    """Grants and policies."""

    dependencies = [("data_ingestion", "0009_dataset_change")]
    operations = [
        *protect(FILTER, CHANGE),
        *writable(FILTER, INGESTION),
        *readable(FILTER, ANALYTICS),
        *writable(CHANGE, INGESTION),
    ]
