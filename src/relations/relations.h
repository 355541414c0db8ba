/* Who belongs to whom: household, employer, parent company, referrer, guarantor, friend, and kinds of the firm's own. */
#ifndef GUANXI_RELATIONS_RELATIONS_H
#define GUANXI_RELATIONS_RELATIONS_H

#include "core/entity/entity.h"
#include "core/http/http.h"

extern const struct entity relation_kind_entity, relation_entity;
/* The network around a customer.  Stand before rest_routes. */
extern const struct route relation_routes[];

#endif
