"""Peers side by side: the edge, nginx, HAProxy, Varnish and the floor under the same load."""
