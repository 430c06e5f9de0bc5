"""What may be done with our money: small rules that can only shrink a wish, and breakers that stop entries."""
