"""What the committed baseline is made of: the strategies, a clumsy one, and caps so tight that every rule speaks."""
