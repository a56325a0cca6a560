"""What things are: frozen data and rules, made of the standard library alone."""
