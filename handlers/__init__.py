"""Telegram in, use case out: every handler fills in a draft or asks the studio, and answers."""
