"""What all tests share: property tests that draw the same examples on every run."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "repeatable",
    derandomize=True,
    deadline=None,  # a busy machine is no bug
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("repeatable")
