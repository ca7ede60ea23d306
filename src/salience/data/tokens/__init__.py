"""Ways to cut a text, each with the way back to the characters the user wrote. One file each; names here are public."""

from salience.data.tokens.byte_pair import BytePair
from salience.data.tokens.character import Character
from salience.data.tokens.jieba import Jieba
from salience.data.tokens.pretrained import Pretrained
from salience.data.tokens.word import Word
from salience.data.tokens.word_piece import WordPiece

__all__ = ["BytePair", "Character", "Jieba", "Pretrained", "Word", "WordPiece"]
