"""What people do at supply points: crews and their devices, their work orders, and their evidence."""
