# Reads the flights that left New York in 2013 and prints, as JSON, the days of aircraft that flew most of them: the stops of
# each day in order, and how many seats the aircraft has. An aircraft that leaves New York again has come back before, so
# between two of its flights is one more leg. flights.py FOLDER DAYS
import csv
import io
import json
import sys
import zipfile
from collections import defaultdict

folder, wanted = sys.argv[1], int(sys.argv[2])
with open(f"{folder}/planes.csv", newline="") as file:
    seats = {plane["tailnum"]: int(plane["seats"]) for plane in csv.DictReader(file)}
days = defaultdict(set)
flights = 0
with zipfile.ZipFile(f"{folder}/flights.csv.zip") as packed:
    for flight in csv.DictReader(io.TextIOWrapper(packed.open("flights.csv"), "utf-8")):
        flights += 1
        if flight["tailnum"] in seats:
            day = (flight["month"].zfill(2), flight["day"].zfill(2), flight["tailnum"])
            days[day].add((int(flight["sched_dep_time"]), flight["origin"], flight["dest"]))
busiest = sorted(days.items(), key=lambda item: (-len(item[1]), item[0]))[:wanted]
shown = []
for (month, day, tailnum), legs in busiest:
    stops = []
    for number, (time, origin, dest) in enumerate(sorted(legs), 1):
        # A stop has the number of its flight: an airport is one more than once.
        stops += [f"{origin}.{number}", f"{dest}.{number}"]
    shown.append({"id": f"{tailnum.lower()}-{month}{day}", "seats": seats[tailnum], "stops": stops})
print(json.dumps({"flights": flights, "days": shown}))
