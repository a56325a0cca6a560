"""The screens; none knows another."""
