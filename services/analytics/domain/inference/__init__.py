"""Statistical inference on sufficient statistics: numpy and scipy, hence worker only; every formula names its source."""
