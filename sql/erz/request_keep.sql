insert into erz.request select * from request_arriving
