"""Many sounds compared at once, with numpy: what the ports of likeness and fitting ask for."""
