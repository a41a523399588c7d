"""Frequent given names of several languages.

A column that is merely called "name" holds persons where some of its values are among them; products, towns and cars
are not called so. In a sentence, one of them before a capitalised word is a person.
"""

from __future__ import annotations

from modelwright.data.inference.names import words

__all__ = ["GIVEN"]

GIVEN = words(
    "james john robert michael william david richard joseph thomas charles christopher daniel matthew anthony mark "
    "mary patricia jennifer linda elizabeth barbara susan jessica sarah karen lisa nancy margaret emily anna maria "
    "peter hans thomas andreas stefan klaus wolfgang jan lukas felix julia katharina sabine ursula monika petra "
    "jean pierre marie michel philippe nathalie isabelle sophie camille jose juan antonio manuel francisco carlos "
    "carmen ana isabel laura lucia pedro luis joao paulo giuseppe giovanni mario luigi francesca giulia elena paul "
    "mohammed muhammad ahmed ali fatima wei li ming yuki hiroshi kenji priya raj amit sunita ivan olga sergei natasha "
    "hassan omar fatma mehmet mustafa ayse yusuf ibrahim "
    "magdalena agnieszka katarzyna piotr krzysztof tomasz pavel jiri lars anders erik ingrid astrid sven bjorn kari "
    "johan pieter marijke anneke claire lucie antoine nicolas julien sophie teresa rafael miguel pablo alejandro "
    "fernando beatriz marta cristina alessandro marco andrea martina simon sebastian florian christian tobias "
    "martin markus birgit heike claudia angela sandra helen ruth laura rachel rebecca amanda donna carol sharon "
    "deborah ronald donald kenneth jason jeffrey gary eric stephen scott frank gregory raymond patrick alexander "
    "george edward henry alice emma olivia sophia jack harry oliver liam noah lucas eva kevin brian steven andrew"
)
