/* The jobs that wait for a writer: first in, first out, bounded. */
#include "core/store/internal.h"

bool queue_init(struct queue *queue, int64_t max)
{
	*queue = (struct queue){.max = max};
	if (pthread_mutex_init(&queue->lock, NULL) != 0)
		return false;
	if (pthread_cond_init(&queue->wake, NULL) != 0) {
		pthread_mutex_destroy(&queue->lock);
		return false;
	}
	return true;
}

void queue_destroy(struct queue *queue)
{
	pthread_cond_destroy(&queue->wake);
	pthread_mutex_destroy(&queue->lock);
}

bool queue_put(struct queue *queue, struct write_job *job)
{
	job->next = NULL;
	pthread_mutex_lock(&queue->lock);
	bool taken = !queue->stopping && queue->count < queue->max;
	if (taken) {
		if (queue->tail)
			queue->tail->next = job;
		else
			queue->head = job;
		queue->tail = job;
		queue->count++;
		pthread_cond_signal(&queue->wake);
	}
	pthread_mutex_unlock(&queue->lock);
	return taken;
}

void queue_return(struct queue *queue, struct write_job *job)
{
	pthread_mutex_lock(&queue->lock);
	job->next = queue->head;
	queue->head = job;
	if (!queue->tail)
		queue->tail = job;
	queue->count++;
	pthread_mutex_unlock(&queue->lock);
}

struct write_job *queue_take(struct queue *queue, bool wait)
{
	pthread_mutex_lock(&queue->lock);
	while (wait && !queue->head && !queue->stopping)
		pthread_cond_wait(&queue->wake, &queue->lock);
	struct write_job *job = queue->head;
	if (job) {
		queue->head = job->next;
		if (!queue->head)
			queue->tail = NULL;
		queue->count--;
		job->next = NULL;
	}
	pthread_mutex_unlock(&queue->lock);
	return job;
}

void queue_stop(struct queue *queue)
{
	pthread_mutex_lock(&queue->lock);
	queue->stopping = true;
	pthread_cond_broadcast(&queue->wake);
	pthread_mutex_unlock(&queue->lock);
}

int64_t queue_count(const struct queue *queue)
{
	return atomic_load_explicit(&queue->count, memory_order_relaxed);
}
