"""The screen's helper process that decodes sounds and draws pictures of them."""
