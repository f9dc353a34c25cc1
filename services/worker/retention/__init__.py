"""What goes after its time: files, and rows that were deleted or that nobody asks for any more."""
