insert into exchange.day_closed (day) values (:day) on conflict do nothing
