drop table history_chosen
