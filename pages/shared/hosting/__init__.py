"""What the host needs: health, metrics, a log without visitors' data, an orderly end; and who is a visitor."""
