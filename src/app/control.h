/* A data folder has one writing program.  While it serves, commands typed beside it
 * are handed to it over a socket in the folder, together with the caller's standard
 * streams, so they see and change one state and one change log. */
#ifndef GUANXI_APP_CONTROL_H
#define GUANXI_APP_CONTROL_H

#include "app/app.h"

struct control;
/* Listens on <data>/control.sock, for this user only. */
enum err control_start_new(struct ctx *ctx, struct app *app, struct control **ret) MUST_CHECK;
void control_stop(struct control *control);

/* True if a serving program ran the command; its exit status is then in *ret_status. */
bool control_forward(const char *data_dir, int argc, const char *const *argv, const char *cwd, int *ret_status);

#endif
