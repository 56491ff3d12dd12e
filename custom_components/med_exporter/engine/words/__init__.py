"""The words of documents in both languages: phrases, dates, numbers, codes and warnings."""
