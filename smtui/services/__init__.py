"""What a person can do: one class per intention, told what it needs through ports."""
