"""What one release changed against another, and why.

Belongs here: comparing, causes, and how differences are written. Does not belong here: publishing.
"""
