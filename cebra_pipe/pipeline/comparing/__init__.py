"""What is compared between recordings and between runs."""
