"""What all tests share."""

from hypothesis import settings

# The same examples in every run, so that a red test is red for everybody; slowness is no failure.
settings.register_profile("steady", deadline=None, derandomize=True, max_examples=100)
settings.load_profile("steady")
