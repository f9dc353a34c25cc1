"""The pool: which account takes what, what upstream's words mean for it, and when it may work again."""
