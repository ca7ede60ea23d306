"""What the gallery of the documentation is made of: cards, pictures, and curves of cost."""
