"""Events that an ACD or a cloud posts over HTTP."""
