from hypothesis import settings

# Deadlines would make the suite depend on the load of the machine.
settings.register_profile("library", deadline=None, max_examples=100, derandomize=True)
settings.load_profile("library")
