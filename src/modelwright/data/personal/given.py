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
    "george edward henry alice emma olivia sophia jack harry oliver liam noah lucas eva kevin brian steven andrew "
    "ashley kimberly michelle dorothy melissa stephanie cynthia kathleen amy shirley brenda pamela nicole samantha "
    "katherine christine catherine janet diane maureen joyce lauren joan evelyn cheryl megan jacqueline gloria "
    "theresa sara janice kathryn marilyn beverly danielle denise diana brittany natalie vanessa allison monique "
    "gerald roger keith jeremy terry lawrence sean nathan zachary douglas kyle ethan walter harold bruce willie "
    "arthur jesse bryan billy roy ralph eugene alan wayne russell louis philip bobby johnny justin ryan jacob "
    "nicholas jonathan larry brandon benjamin samuel aaron adam albert nigel graham trevor derek clive gareth rhys "
    "alun sian siobhan niamh aoife ciaran padraig declan eoin roisin hannelore gisela helga renate brigitte ingeborg "
    "gudrun elke heinz helmut jurgen jürgen guenter gunter günther günter dieter manfred horst gerhard karl karin "
    "heinrich friedrich ulrich rainer bernd joachim uwe holger thorsten torsten matthias michaela nadine silke anja "
    "tanja heidi kerstin ines jonas leonie lena mia finn moritz greta bruno francois françois francoise françoise "
    "jacques alain bernard gerard gérard didier laurent pascal thierry olivier guillaume mathieu maxime quentin hugo "
    "theo théo chloe chloé manon margaux celine céline sylvie martine chantal valerie valérie veronique véronique "
    "aurelie aurélie emilie émilie helene hélène etienne étienne benoit benoît maría josé jesús javier sergio alvaro "
    "álvaro jorge alberto ruben rubén raul raúl diego pilar cristobal ignacio joaquin joaquín ramon ramón rosa "
    "isabella gabriela valentina mariana daniela alejandra ximena esteban gustavo ricardo roberto eduardo enrique "
    "hector héctor joão josefa antónio antonia fernanda juliana larissa thiago tiago mateus gabriel leticia letícia "
    "camila adriana luiz flavio marcelo rodrigo leandro vinicius inês goncalo gonçalo giorgio paolo luca stefano "
    "matteo lorenzo davide simone fabio salvatore vincenzo antonella paola federica chiara alessia giorgia silvia "
    "valeria ilaria roberta enrico claudio massimo riccardo domenico rosaria willem hendrik cornelis gerrit jeroen "
    "sander maarten bart daan sanne lotte femke anouk marloes joost ruud wouter koen thijs sjoerd hanneke ole knut "
    "kjell olav geir arne bjørn björn göran goran gunnar hakan håkan leif mats magnus mikael niklas oskar rolf stig "
    "ulf karolina kristina birgitta elin ebba freja maja agneta marit solveig silje hanne mette pernille rasmus soren "
    "søren mads jens henrik mikkel jesper kirsten bente inge jukka matti mikko timo juha antti pekka heikki tuula "
    "riitta anneli päivi aino eero andrzej stanislaw stanisław tadeusz jerzy zbigniew ryszard wojciech marek grzegorz "
    "mariusz dariusz henryk malgorzata małgorzata krystyna ewa elzbieta elżbieta zofia jadwiga danuta joanna dorota "
    "zuzanna jana hana lenka katerina kateřina alena josef vaclav václav petr jaroslav zdenek zdeněk vladimir "
    "vladimír ondrej ondřej lukáš jakub istvan istván laszlo lászló ferenc gabor gábor zoltan zoltán attila balazs "
    "balázs zsuzsanna katalin ilona agnes bence eszter gheorghe vasile mihai andrei ioana mihaela cristian bogdan "
    "radu adrian dimitri dimitris giorgos nikos yannis kostas vasilis eleni sofia konstantinos panagiotis alexei "
    "aleksandr alexandr dmitri dmitry sergey nikolai mikhail yuri vladislav oleg igor anatoly natalia natalya tatiana "
    "svetlana yelena ekaterina anastasia irina ludmila galina nadia nadezhda oksana ahmet huseyin hüseyin hasan emine "
    "hatice zeynep elif meryem murat emre burak kemal abdullah khalid khaled yasmin youssef karim rashid salma layla "
    "aisha zainab hussein abdul tariq bilal samir nabil farid leila amina mariam hamza imran zahra reza mehdi parisa "
    "arash rajesh suresh ramesh sanjay vijay anil rahul deepak ashok manoj arjun lakshmi anita kavita pooja neha "
    "anjali meera krishna ravi sunil vikram arun sandeep shreya ananya rohan aditya hui jing xin xiaoming mei takashi "
    "akira satoshi haruto yuto naoko keiko yoko tomoko minjun jisoo seojun jihoon soojin agus dewi kwame kofi chinedu "
    "ngozi oluwaseun thabo sipho fatou mamadou moussa ousmane aminata ernesto marisol teodoro alfredo angelica "
    "veronica monica rafaela leonardo sebastiao"
)
