"""What the API server itself is asked: guards as they are, objects that admission must refuse, rights of accounts."""
