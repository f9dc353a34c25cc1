"""Reads documents (text, Word, PDF, EPUB), recognised by their bytes, as plain text."""

from media.documents.clean import clean_text
from media.documents.reading import DocumentText, read_document

__all__ = ["DocumentText", "clean_text", "read_document"]
