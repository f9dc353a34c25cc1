"""Reading a person's documents: any text file, Word, PDF or EPUB, told by its bytes, as plain text."""

from media.documents.clean import clean_text

__all__ = ["clean_text"]
