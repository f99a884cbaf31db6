"""Plans for meters, as generators: no input or output here."""
