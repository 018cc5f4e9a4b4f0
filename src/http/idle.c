#include "http/idle.h"

void idle_enter(struct idle_list *l, struct idle *i)
{
	*i = (struct idle){.before = l->youngest};
	if (l->youngest != NULL)
		l->youngest->behind = i;
	else
		l->oldest = i;
	l->youngest = i;
	l->count++;
}

void idle_leave(struct idle_list *l, struct idle *i)
{
	if (i->before == NULL && l->oldest != i)
		return;
	if (i->before != NULL)
		i->before->behind = i->behind;
	else
		l->oldest = i->behind;
	if (i->behind != NULL)
		i->behind->before = i->before;
	else
		l->youngest = i->before;
	*i = (struct idle){0};
	l->count--;
}
