"""Many sounds compared at once with numpy, and hearing one that is not of the library."""
