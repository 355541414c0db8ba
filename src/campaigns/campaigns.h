/* Campaigns: whom, what, when, over which channel; one row a person, one message a row, measured against those who got none. */
#ifndef GUANXI_CAMPAIGNS_CAMPAIGNS_H
#define GUANXI_CAMPAIGNS_CAMPAIGNS_H

#include "core/entity/entity.h"
#include "core/http/http.h"
#include "core/outbox/outbox.h"
#include "core/services/services.h"

extern const struct entity campaign_entity, campaign_variant_entity, campaign_content_entity, campaign_recipient_entity;
/* Stand before rest_routes. */
extern const struct route campaign_routes[], campaign_result_routes[], campaign_hand_routes[];
extern const struct reaction campaign_reactions[];
extern const struct service campaign_services[];
extern const struct outbox_rule campaign_mail_rules[];

#endif
