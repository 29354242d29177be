insert into exchange.sighting as s (channel, key, marks, polls, since)
values (:channel, :key, :marks, 1, :now)
on conflict (channel, key) do update set
    polls = case when s.marks = excluded.marks then s.polls + 1 else 1 end,
    since = case when s.marks = excluded.marks then s.since else excluded.since end,
    marks = excluded.marks
returning polls, since
