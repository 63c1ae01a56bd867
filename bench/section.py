# Puts what a benchmark said into its section of the results, behind the others where it has none, under the head of today.
import os, sys

results, head, name, when, said = sys.argv[1:6]
known = open(results).read().split("\n## ")[1:] if os.path.exists(results) else []
sections = {section.split("\n", 1)[0]: section for section in known}
sections[name] = f"{name}\n\n{when}\n\n```\n{open(said).read().strip()}\n```\n"
with open(results + ".new", "w") as out:
    out.write("\n## ".join([open(head).read(), *sections.values()]))
os.replace(results + ".new", results)
