import { test } from 'vitest'
import { parsePlan } from '../src/index.ts'
import { PEERS, play } from './play.ts'

/** Failures that the simulation found, as small as they came: what is promised, the seed, the plan. All are fixed. */
const FOUND: readonly (readonly [string, number, string])[] = [
  [
    "a record that others wrote during an exchange is not vouched for by the ack of the client's own",
    20,
    'offline:0:fa61tz edit:4:vmt1pz create:1:d3qsjb edit:2:hq4vqx wait:2:utst93 crashTab:4:j91hfp open:1:2max3x open:2:45muli close:1:yw6wwf relayCrash:1:lt8vj0 crashTabSoon:2:u5o2ha edit:2:w9fo7r edit:1:skfaov closeTab:1:igk9v5 edit:2:i6uzhw open:2:1w790c stream:2:k46zrj',
  ],
  ['another history is told the summaries too', 2, 'keepCopy:2:cek5on edit:4:b4mvbl open:4:kwbf6t restore:1:fdzfwg'],
  [
    'marks of a history that is not written down yet are not made again at once',
    3,
    'edit:2:ra7euk losePower:4:i6d3zr edit:3:71v2rk edit:2:56wee8 edit:4:jr06i4 offline:2:jllc3c edit:1:5hozda edit:2:m7ch9j relayCrash:4:3fw1ne edit:3:m35ouh storageFails:0:elgnf8 open:3:n587of',
  ],
  [
    'summaries are not told for ever when nobody can write that they were',
    3,
    'crashTabSoon:2:s6tx5j edit:1:po0f9p edit:0:gzjmmx crashTab:3:gk6ln8 open:4:vrgim5 relayStarts:1:bhsj94 wait:1:k34zmb edit:2:svs4tu crashTab:4:j82gqf relayCloses:0:sopras closeTab:1:88121x edit:2:56wee8 relayStarts:3:uhc7h6 storageFails:0:elgnf8 open:3:n587of wait:1:cn0zb7',
  ],
  [
    'whoever follows the feed goes on when the storage can be read again',
    9,
    'edit:4:5197po closeTab:1:1phpor edit:0:a91eis cut:0:udk85t crashTab:4:dgci94 cut:2:8z7ql7 storageFails:2:tcyewf edit:1:nj0d3d create:4:3uksm9',
  ],
  [
    'what its writer could not give a summary is listed all the same',
    10,
    'storageFails:4:ub6mca create:4:w21nge tab:1:rk260f closeTab:4:10k0qk',
  ],
  [
    'a document whose summary was refused is fetched all the same',
    11,
    'edit:3:6yhrwc edit:0:5a2o2l edit:0:bue4k wipe:4:rkx6t2',
  ],
  [
    'positions of the opening before are not those of this history',
    17,
    'wait:1:2o9hwy closeTab:0:cawtzq offline:3:joc6cx stream:0:nft9ln wait:0:jlni3m edit:0:iss2ph edit:3:wv6nl2 wipe:3:26l5at wait:4:sgd8y7 edit:4:5jkql8 losePower:1:lybnvo',
  ],
  [
    'whoever purges is told that the storage could not',
    16,
    'create:0:h5vmfl edit:0:w2jbnc edit:3:az61it wait:2:qr1t71 storageFails:3:4mykuw purge:3:ffx6o8 storageFails:2:z7zpfk',
  ],
  ['a window hears of a history after another has written it down', 54, 'edit:0:3q9s2c wipe:0:a0zb68'],
  [
    'what is open elsewhere is not taken for level by marks of the history before',
    100,
    'losePower:4:7pdby7 closeTab:0:jiwh5x crashTab:0:wwzcx2 edit:2:gawuc6 offline:1:xqxn89 storageFails:3:nlyte tab:0:3s6zkn edit:0:vov6a8 edit:0:jo1jy7 tab:1:1khm4s wait:1:17nog9 tab:4:i5fuf2 cut:2:fz7wp0 edit:0:x4qz70 wipe:0:gjev0e diskFails:2:lul35n closeTab:0:6jy7id open:0:memt3t wait:2:s5lqg2 relayCrashSoon:1:emxoe4 wait:1:i7mlfa',
  ],
  [
    'what is not here is not told to another history',
    22,
    'edit:1:vv15dc stream:3:qg78ok edit:2:5h4rsw finish:2:cw9jfk close:1:4zyk38 crashTabSoon:2:jttxrr wait:2:d1wpi1 edit:2:8u23f8 wipe:3:tvvty4',
  ],
  [
    'what a window wrote and died before telling is found by the others, and sent',
    273,
    'close:4:u3bei0 finish:4:hz29l8 relayStarts:1:5hk5fr crashTabSoon:1:vhocmj closeTab:3:xeiezm open:1:2hbplb wait:0:p85929 open:0:n7c23a edit:3:nt4ogn storageFails:1:gufijv close:1:cc6ugv tab:1:qpmer8 close:1:ios2xs create:4:7amqrx edit:1:kjz8os diskFails:3:puszg5 edit:2:e4tc3w create:4:wxomxe offline:1:6bwbvo crashTabSoon:4:5usyun wait:0:7w0pft',
  ],
  [
    'what a window wrote and died before telling is found by the others, and listed',
    286,
    'open:1:ihdbkp edit:1:mijkiy crashTabSoon:1:rpnsg3 keepCopy:0:hngxap open:0:yuvvsf offline:3:9p26w8 closeTab:4:81wzo4 create:4:2r1ywk crashTabSoon:0:dzau3v wipe:0:k3kzuq wait:0:vkvf68 storageFails:1:wu44fv diskFails:1:dw1u8l edit:3:wmlv8v create:0:ku1htu crashTabSoon:0:5tn4hb losePower:0:lc51tz relayStarts:1:n1rjwd delta:4:sg4iu7 edit:2:lxt0lu online:4:136nz8 crashTabSoon:2:aenr2 wait:4:kr3zei relayCrashSoon:1:soijjc tab:4:o1fv75',
  ],
  [
    'whoever works for all goes on when the storage is well again',
    189,
    'stream:3:qo7sy0 edit:0:1dqmp0 relayCrashSoon:4:1qk9em lease:1:vsd0zr close:2:pamkgg relayStarts:4:2zx2jk relayCrashSoon:3:kn6v85 open:1:bwvya5 edit:1:dyos2h crashTabSoon:0:mpulkz wait:0:4i9y1b closeTab:3:xivaxe diskFails:1:pjwgb5 relayStarts:1:ip2lvg create:1:rnhx1z create:3:kpjgo1 crashTab:3:kvh9on losePower:1:60ek3v crashTabSoon:4:od2mct create:2:x4fc63 storageFails:4:w9x2zw',
  ],
  [
    'what could not be fetched because the storage failed is fetched later',
    239,
    'edit:1:ifnjyz close:2:t0isnt edit:3:iytm4u online:0:i0khqh edit:4:3kzmmx edit:1:8wn0sv open:2:29dgk0 create:0:r6rwmu storageFails:3:ehdoz6 edit:3:4kdf37 finish:1:ttawk edit:1:jdyhj9 edit:3:papupz close:0:4lw9cf create:1:9e4e0p edit:2:moev70 diskFails:2:8v55kx create:0:xy7zpz edit:3:fkefm5 edit:3:7z8p8x storageFails:4:yx7245 closeTab:1:ypcfre edit:2:s0gcbw crashTabSoon:2:vzr18k stream:4:renbiv edit:1:1e39bc edit:2:7a7paq diskFails:4:pn1t7j wait:0:t9glop delta:0:uqi5xl diskFails:4:3psvdh delta:4:stdjw5 open:3:q7xxa6 askToStop:2:mtcfg1 close:4:4uf0bv edit:3:t9uryq edit:1:z5itc crashTabSoon:2:vfotzu edit:4:avjyz0 cut:1:xjpx9g relayStarts:3:wpt0fh edit:0:svwkkt relayCloses:4:d6ubjd release:1:42g1a7 close:4:k4izuk close:4:p5idol edit:0:nzfp0m edit:0:2a8kw create:1:as2x4u edit:0:fjyry6 edit:3:lrz7pw edit:1:6s4yej close:3:ofh6yw tab:4:s07xfh close:2:xjjqyd finish:2:f83ho9 online:0:l623un open:1:ep6al1 wait:1:4pbfq4 wait:1:oyhbcp online:4:81b6bs open:1:h9vpnt crashTab:1:kbsx5j relayCrashSoon:0:ckqllk edit:3:o0dsyo open:3:die5ql relayStarts:1:jc4p8t relayStarts:0:qnfq3z online:0:xc1uxa wait:4:ivk1cj edit:3:pv69em close:1:olvvsk delta:2:wnj1w1 edit:3:c5qy6m crashTab:3:4r33jh delta:1:lou3h8 edit:2:o38c4y closeTab:4:d38hkr crashTab:3:jmqbf5 open:1:xmjbn4 open:3:ope2sa online:0:5fbosi delta:0:6xmxq1 delta:3:ar8weg edit:2:plyrqu edit:1:y3b2i6 storageFails:4:bqebtq edit:1:ci640m storageFails:0:1lwcj9',
  ],
  [
    'what its writer could not give a summary before it died is listed all the same',
    333,
    'edit:3:c0raeo edit:0:f0pnps losePower:1:nsoplg stream:4:3ofncj crashTab:3:e6oq61 storageFails:4:559b30 storageFails:2:e5pnkk closeTab:2:x0djzg relayCrash:2:s1v5c0 closeTab:3:7mmlp crashTabSoon:2:bo5lyg wait:4:8fccw4',
  ],
  [
    'what was told ahead of the cursor is noticed in a copy that goes on by the same name',
    25,
    'close:2:bxkosp edit:1:1oupng keepCopy:4:wjqhn2 edit:2:omufa7 online:0:9trx2d restore:3:ksclky close:2:kg6niu',
  ],
  [
    'what a dead window still had to write does not take the place of a later history',
    239,
    'closeTab:3:elygif keepCopy:2:cobz8p create:4:te8dl9 edit:1:tkjzyl wait:2:y8ikkg wait:1:oyhbcp restore:2:fa6kid closeTab:4:d38hkr crashTab:3:jmqbf5 online:0:5fbosi edit:1:y3b2i6 tab:4:2f3j96 storageFails:4:bqebtq edit:1:ci640m crashTab:0:u39w6d restore:1:rxu17p tab:1:yxs6v8',
  ],
  [
    'a purge that the relay could not write is asked for again',
    3583,
    'close:2:javuj1 edit:1:nzrkhy online:3:tfi90o offline:3:he0ofe edit:0:s19svt open:4:hltezl edit:3:su0lmb online:0:mp0djo open:4:22if6y close:0:8ajf85 edit:3:3shw6w wait:2:rjidxy crashTabSoon:2:jlwnor edit:2:hsa3cv open:4:f3sbn1 closeTab:2:6yuxbo closeTab:1:id4fsd keepCopy:0:pgaja8 closeTab:4:uip6ll editFurther:1:sywz9w create:3:cdetxd edit:0:xkmza edit:1:g6rf80 askToStop:2:eg2ptg storageFails:2:ozzcrl diskFails:1:ojhyaz purge:3:pw5a7a crashTabSoon:4:tfoz04',
  ],
  [
    'what is offered to another history once more is not forgotten of its feed',
    3020,
    'editFurther:0:98edux online:1:8jd6ba open:3:vf70hk delta:0:rcziad delta:1:60k9u1 stream:2:2to3he edit:4:q7kgdr relayStarts:3:hur4a2 relayCrashSoon:0:mvm9x6 cut:3:w7rmgu edit:0:r7dtup edit:0:f4umwx crashTab:4:lxcu4k edit:3:iy26np edit:0:q509km edit:2:ja1ula relayStarts:0:nmid7x closeTab:4:x9i11x edit:0:1m41n4 edit:3:pqbjta lease:2:dg9eqt open:3:4i8cec delta:2:ykskgx create:2:htxluo crashTab:4:r58hk4 edit:4:rcihdy edit:4:vjoz8b storageFails:3:rjdz6f storageFails:4:wcjjvy wait:1:lfitwn online:3:bffrjd duplicate:3:r8bwg0 edit:4:4s2veq delta:0:8mqzlv relayCrashSoon:3:bp58q7 open:1:jed8fg edit:4:hygqzq wait:1:i9wn3k edit:3:pa5bk9 edit:4:9ij7xg tab:1:ka02n5 delta:4:2xvfzs askToStop:0:wwxemr delta:4:l8ajgi losePower:4:sotbfm delta:4:ughxa6 edit:2:kbnxti edit:4:2r0kpj edit:1:ysl5rh edit:4:l2ocb2 wipe:2:dq6ij2 diskFails:4:3946zs wait:2:5ap0i0 edit:4:88u2hb keepCopy:1:tisv5x offline:1:el18lk relayStarts:4:tsxnxr open:1:46inkx editFurther:3:fgbnu diskFails:0:6wqrbu edit:0:9w6fq2 wait:0:m2ineb create:3:89b72r edit:4:l5uxm6 edit:1:h67m9b swap:2:m1r2bb release:1:jakcpi online:0:26lkuo edit:0:l7v3yf stream:3:ljycbx losePower:0:76bes3 losePower:1:vo0htm storageFails:4:oydzgb crashTab:3:11uj2b release:1:14w6tp wait:1:ilriyz offline:2:z0yfts tab:4:457pmc open:4:53t0z6 create:1:tz1xgi delta:0:s04n2d delta:1:jahafy create:3:11ti5n crashTabSoon:1:1dpoqc edit:0:59z6xw edit:1:w5dlel edit:1:4vnoga edit:0:t15ku2 edit:4:stasfb edit:0:56iuel closeTab:1:hpmt0r losePower:3:kxu0jd diskFails:2:rau7ze edit:3:vw1f2a tab:3:w0ld5u delta:2:p85yq edit:1:qnjtkp release:2:b1tiw3 stream:0:iyew0d wait:2:pv20sg edit:3:vjjhkf wait:3:z28l6 close:2:unnz8j open:2:vmurzu cut:0:8ykkk5 editFurther:2:3fq5o0 create:3:vmiw6k close:3:w8l19r finish:2:shdj7b open:1:tv5buk crashTabSoon:1:aj4yl4 edit:2:9gcu6e wait:1:x64b9f relayStarts:1:gnqe8w edit:4:1lglma edit:2:a0pfoz tab:1:5ntn8p online:4:97p9my restore:4:ofxage edit:4:1114k3 wait:2:53c4c9 wipe:1:70pbks edit:4:9w6tw4 close:1:c70w98 wait:0:hfellu wait:1:v8f35b close:3:o2lxzz open:1:5bvtp8 edit:3:ggphg8 edit:4:hpxren edit:4:s1rutx edit:0:c92sir losePower:3:txkcxd delta:3:iddf0m close:2:jyzcpz create:2:jumn6j relayCrashSoon:2:tpro0b',
  ],
  [
    'what the relay could not purge now is asked for again',
    19,
    'edit:3:it42b8 edit:2:nfsgfe close:1:1go5w2 wait:0:3vejut cut:2:kywfvg stream:0:h02p98 crashTabSoon:2:ynobdv wait:2:eaie2n edit:3:48s3qd diskFails:4:lgctgq purge:3:12r4oa close:3:wj2oy8',
  ],
  [
    'a file put while the storage fails is sent when it works again',
    21,
    'diskFails:3:3la0mj putBlob:1:jv8ua9 storageFails:3:je71xv editFurther:3:4kssns finish:4:dyk98q create:1:k737zo putBlob:3:pup5zl',
  ],
  [
    'a storage that is made anew begins without what was told of the one before',
    246,
    'stream:2:dpjlbo create:3:yglsrd wait:4:rhuryg edit:2:6b1q7n wait:4:csejof edit:2:8bdt2g deleteStorage:1:ba5mmy',
  ],
  [
    'what was purged elsewhere is not begun anew by a window whose storage was deleted',
    99,
    'editFurther:4:j7j8zt storageFails:0:t19w8s edit:0:e31q57 crashTabSoon:1:2abn4l edit:2:r7d7rn delta:1:jrx2cz guestEdits:1:rgylmy wait:2:99kxtk edit:3:1as56u edit:4:tk1lxe edit:2:s7iwa6 stream:3:hknjra open:0:h3520l deleteStorage:0:kdwrb9 wait:2:j7dpn2 purge:2:k8tbtk wipe:1:uvi5gv',
  ],
  [
    'what another tab could not save, and came before the rows it builds on, is kept',
    2109,
    'crashTabSoon:2:epkkih edit:3:ro19dm losePower:1:sanni7 edit:4:a3gl6q wait:4:w8io6n close:2:c3g7n4 crashTabSoon:2:pspcjj storageFails:0:ty9fer edit:3:z1c79m edit:4:yig8sx',
  ],
  [
    'what was saved stays in memory while the storage fails, and is there when that is found deleted',
    42000,
    'create:0:hfeo63 crashTab:3:26skgj crashTabSoon:3:6u4skh editFurther:3:rs9msa relayCloses:1:t04wyi wait:1:37ezyl tab:3:jnago8 tab:2:894fwg editFurther:3:1a8jaq losePower:1:rjsyxv stream:4:lpel8w create:0:hxrau6 edit:1:1oehvt editFurther:1:si53gu open:3:4o2som storageFails:0:uc6jj3 finish:1:v4i00o crashTabSoon:3:h29krt deleteStorage:3:njmtij close:3:uqphop',
  ],
  [
    'what only a deleted storage had is asked of nobody who opened it again unread',
    54499,
    'putBlob:4:udijgl guestEdits:3:7la6d2 close:2:dov4h relayStarts:3:8c9e2r delta:4:ngxjal close:2:cbmqkf crashTabSoon:0:r7n63i edit:2:4jplvx edit:4:dlu5hz closeTab:2:ats4kj wipe:1:5hguf6 closeTab:0:ofqu95 askToStop:1:ynpmk3 edit:4:nxrxys stream:2:veyfk5 crashTabSoon:4:45yxil close:4:lemrbf edit:0:xjpkaa crashTabSoon:4:d0qin4 edit:1:rq92qv stream:4:l809dr relayCrash:0:xct63y close:3:g7yn7v putBlob:1:y2752d create:0:renffv edit:0:hprqd9 close:3:vbg8ej storageFails:3:gpqul7 edit:2:e0dee0 tab:0:jqipi0 crashTabSoon:1:juilqv open:1:1r4qgi relayStarts:0:byj3ju deleteStorage:3:z95k6s',
  ],
  [
    'what only a deleted storage had is asked of nobody, although what was put back in memory is without it',
    69973,
    'edit:4:7303oj cut:4:4shxje open:1:aetbm6 edit:4:deciqi diskFails:2:obfxfk close:4:kl71sq storageFails:1:8nx95 open:4:ddevml askToStop:1:6y4e6s deleteStorage:1:rrn9sv close:4:cr63ha',
  ],
  [
    'a purge that was done in a storage that is gone since is not promised',
    55537,
    'edit:3:hprquf edit:0:olz7sd release:2:11uoma tab:2:wa7vdz closeTab:2:47rjh8 crashTab:0:q00lrc wait:3:maj6dg relayCrashSoon:3:8e5udg edit:1:lz434 crashTab:2:uqjvus crashTabSoon:1:43pcpn diskFails:4:gsccey create:4:geq7uy relayStarts:3:6sfxy9 purge:1:kh0may close:3:76zvr4 deleteStorage:3:wvgsci',
  ],
  [
    'a folder that was put back is heard of before a window speaks version 1',
    53481,
    'create:0:h7iqfo create:3:ubvi80 relayStarts:1:q1jfui edit:3:kbcdo offline:3:rbstsy keepCopy:0:7nzqhb edit:2:q2cib9 editFurther:2:s60aa8 relayStarts:0:zfr9pz restore:1:x5raah changeWindow:2:8rik2j',
  ],
  [
    'a folder whose newest change was not read yet is not put back under version 1',
    77656,
    'edit:0:hrzujn edit:4:5vwzgb wait:1:7wgtf edit:3:2epuhh edit:4:zexl8c losePower:3:flg60n storageFails:3:jz0zlm keepCopy:3:iskkuv changeWindow:0:3exydp restore:2:7gv9vb edit:0:v9k8at edit:4:xkutb4 storageFails:2:98g7f9 crashTabSoon:1:fk2vx wait:1:c2t44i editFurther:3:6i1lmq',
  ],
  [
    'what is closed before it was level is fetched by who works for all',
    61615,
    'delta:0:nb2oy5 cut:2:iqzipb cut:4:gdsr9x delta:0:go2xoc stream:1:5p5npz edit:3:9be4d wait:2:8iguuc offline:0:nsonw5 putBlob:1:wsudqy relayCrashSoon:1:22c34r close:3:1f1ymc stream:3:bh769l cut:2:ddaxup storageFails:0:md5gtr wait:2:kiukes edit:0:zdnscq offline:2:5l876h wait:0:sdgloc crashTab:0:f6ldx8 delta:4:3cg32e cut:3:edwzi8 closeTab:0:1s7des edit:0:5k7jcq open:0:gvocia delta:2:u5wfvc storageFails:1:qa95ek edit:4:lfugbl askToStop:1:jdv4o2 edit:3:j07g2 relayStarts:4:cjcfu4 edit:1:x24jq9 closeTab:1:txg56e closeTab:2:3zkk06 open:3:y7vmyq edit:4:j8h9nh guestEdits:2:5cdbci edit:4:ghwcd1 online:2:8l3kmg closeTab:3:2khhbh edit:1:rjwwea edit:1:kwxk0t create:4:wd7c41 wait:2:5jnnoa wait:1:65as1q create:2:unbmb9 online:3:ayhmnr edit:3:sif3mm edit:2:h4ecfm edit:4:fbj33x open:1:qt5vhv deleteStorage:2:ntrxhg edit:0:mwuc2h edit:1:9kbx26 edit:3:saz7e2 lease:3:1kjo18 edit:4:91rc0a editFurther:0:xp9h71 wipe:2:g7qw51 online:3:dpnpf keepCopy:3:lzq90y tab:2:t098l8 edit:4:ylkdu2 putBlob:4:olzwo1 crashTabSoon:2:4u300b close:0:2aagso close:3:pfelmt crashTab:4:olsw9m purge:2:uz6rye tab:4:bhzvep open:2:vbi8zg tab:1:gyb9uz open:4:tu5ga4 online:3:q29xei close:4:wqh7mm',
  ],
  [
    'a window goes on aside with what was purged, when the same name begins anew',
    62545,
    'putBlob:1:gb543 relayCrashSoon:2:qk4zc8 finish:2:9vgt9z crashTabSoon:4:jm817g relayStarts:0:5708l relayCrash:3:mg0tqd edit:1:alogej create:1:f203ep relayStarts:3:bd1n2p putBlob:3:ij2vyq edit:1:jo0h9j stream:2:3soshu crashTabSoon:1:hdkpms create:1:plpugl wait:0:ex5v33 close:3:qznqfp tab:3:9u2tmi close:1:4rgi4d edit:4:xu11fp edit:4:lvpwok wait:1:8knvdz online:0:31yond edit:2:76g0bv duplicate:4:8raxls keepCopy:2:tu8ans edit:3:mgynoj create:2:8bkanr editFurther:4:k4kn98 editFurther:4:23byed getBlob:2:w8ysn edit:2:4nn1ja restore:3:h0mlei editFurther:2:vnghhi create:0:fh6fah wait:4:dtfw9s edit:4:qbhxoa wait:0:1tu6om wipe:4:hmlfqy delta:2:i2fi9g storageFails:2:pw5qt9 edit:4:31wruo open:3:1eidct diskFails:2:t8drte wait:2:1nxqf0 swap:3:dswypq purge:1:aedw30 putBlob:4:rxkjwb tab:1:3e7dh0 delta:4:qi92p9 guestComes:1:aifanb open:1:hmz9mz close:3:jirjah wait:4:q64f84 stream:0:51k4j9',
  ],
  [
    'a window keeps what it had of a purged conversation out of what begins anew under its name',
    64432,
    'edit:1:rt0ju4 online:2:70f5a7 editFurther:2:3satr3 crashTabSoon:4:2u9bn2 stream:0:g7g791 stream:4:lungoh delta:1:2tb14i offline:2:4fy8y2 edit:1:64mhr guestComes:4:x6ficz delta:1:brrv9w wait:0:oh9uxd edit:1:gdiz92 guestGoes:3:xuim60 wipe:2:sfyms4 open:0:rr3bjj purge:3:4pubb4 edit:4:74gt7u guestComes:1:u5kuga open:4:7fxozz create:0:qs3w8w wait:1:jeu3x8 edit:4:821si9',
  ],
  [
    'what is left of a purged conversation is not sent',
    64392,
    'edit:2:bq4y4h lease:0:ccyfkt putBlob:2:gfkldy edit:4:4xninx wait:1:1t5w2i crashTabSoon:1:b7vgy8 offline:1:cg27s0 edit:4:nx5t0p crashTabSoon:3:qujogt stream:4:b822m3 crashTab:0:e35ktn wipe:3:8c9hft wait:0:tc7zxw putBlob:3:c0szco edit:2:ycpbwi edit:4:6f8f8r edit:1:odnkpw storageFails:3:zhb4b7 create:2:2t5enj purge:1:7ie2zb delta:1:gjo5dt edit:0:x74r2y close:1:bauxmj',
  ],
  [
    'a purge of what is not there is asked for again when somebody brings it under another epoch',
    70509,
    'edit:3:8miso7 edit:4:m29eko edit:0:l4fvrk stream:3:4041kd create:1:hhf33m editFurther:1:p60r82 stream:2:u6210j wait:2:jo5iq8 close:4:osa7ms relayStarts:1:q4dv29 guestEdits:0:hh6xhg edit:1:ce38ei relayStarts:2:lv7h2n edit:4:encwt5 editFurther:2:4iwbdp closeTab:0:xq5nkp close:0:io5ltm keepCopy:1:38ymhv askToStop:2:a1e9sl create:4:q7ohpz edit:0:kvl9c2 edit:3:iv5kex relayCrashSoon:4:qh774k edit:1:hm8dgm closeTab:3:900qxc guestEdits:4:kfxc56 relayStarts:0:upw7rw tab:0:ov3yi2 edit:4:wlzdwc stream:3:yo3tqe losePower:4:sbcig0 edit:3:md51g1 purge:0:52p6x5 closeTab:0:y63yb9 restore:3:blkj36',
  ],
  [
    'what waits for ever in a window keeps nothing else from being marked',
    71922,
    'edit:1:qu96cd storageFails:3:hp8vs6 putBlob:4:e3l393 closeTab:3:jhxdqt edit:0:9zydfp wait:0:22sbw1 open:3:x41tm6 putBlob:4:rgdwh6 crashTabSoon:2:r0hz11 edit:1:o28fie relayCrash:2:qyvb80 wait:2:3cd6jg editFurther:0:v6mlal storageFails:1:mjvg82 crashTabSoon:1:z876te stream:1:r4b5o9 edit:4:qlgxto edit:2:in5fms edit:1:ky1fjq open:3:69v0cu',
  ],
  [
    'an epoch that is remembered of a deleted storage does not take the place of a newer one',
    76650,
    'edit:3:ncpij2 crashTabSoon:1:273s82 relayStarts:1:43h6gy relayCrashSoon:0:za6j5d edit:3:10o1uq release:3:nz1qif editFurther:3:zid1g7 guestComes:2:6q1d1 delta:0:8ch49l open:1:wwbgm8 offline:3:k2xw7c editFurther:4:eersyc edit:3:o5e0rf finish:1:5ptfn8 relayStarts:4:et4mm1 cut:4:wij4lo storageFails:0:d7c6tc open:0:6mliun getBlob:0:cnwlz create:4:3p7dln guestEdits:4:o79qho diskFails:1:51xbcb release:0:11qphn tab:4:ypim6a open:2:i8nxpl cut:3:afyfg relayCloses:2:mqrcci stream:1:5ld9j edit:4:ii0evw edit:4:hwykn2 open:2:n4zjqz finish:4:b7hhkm guestComes:3:hs8ti putBlob:0:27mx3u relayStarts:4:xrd7qj create:2:d68oh6 delta:0:wciclx wait:3:bad7pr relayStarts:3:sfbnlz create:1:f4014p losePower:2:bq6xmn delta:4:hzw91e create:4:sd85j7 relayCrashSoon:3:ulkk5k edit:3:6vatd3 open:0:bmxtjw guestEdits:2:t3qs93 guestEdits:0:785qqn create:0:b5ctay guestComes:0:7x8kaa online:3:p94xo3 closeTab:1:x5l7hm lease:3:qlgny8 relayStarts:2:ic3mz6 online:1:rcufyy release:2:456fgj create:4:64no43 create:3:zcv7bl create:2:mb2ec1 wipe:2:qbdxg2 edit:2:hzvegu closeTab:3:mla7jv edit:0:59fg3n diskFails:2:tuvcw0 guestEdits:1:isndln relayCrashSoon:1:tem53x stream:0:o0h3yq storageFails:2:aqr2er cut:4:24hs3f tab:3:5hacuu edit:0:dp7mxk crashTabSoon:2:7uwpej relayStarts:2:h5l8m6 tab:1:b5b0ap lease:4:8wg7gk edit:2:3qccmj guestComes:3:o2f5le guestEdits:1:qjsit3 diskFails:0:xqbl5i create:4:4hkllm guestEdits:3:x03l0d edit:3:vm1zpa wait:3:s1kmto edit:2:enq49r open:1:t3jgww close:1:u2zz8j diskFails:1:1eri7r wait:2:8kv8qs tab:1:ostbjl edit:4:qybsy2 edit:3:ymxor1 online:2:o3zxj4 relayCloses:3:2p8fc5 deleteStorage:4:zedpvq edit:1:ws9jr',
  ],
  [
    'a window whose storage was deleted opens what it has under the epoch that it remembers',
    76872,
    'edit:2:50da8o guestEdits:4:pdu0dx losePower:3:47stt6 lease:4:hy444v losePower:1:6l73to wipe:2:owcu32 deleteStorage:2:336ckh tab:0:wc1lbf create:0:mdo04m guestComes:2:ez0uzm relayStarts:4:o4epgr wait:1:gg2fvq',
  ],
  [
    'an epoch of a history before, written late, does not keep a window from the one that it joined',
    64037,
    'delta:4:ejbosz close:2:1r84fw edit:3:kojw6s getBlob:1:pfjlmz edit:1:5y9kfm edit:4:36tdp3 guestGoes:1:oxjv53 guestComes:2:jsgdu6 relayCrashSoon:2:2nmtr8 close:2:xthfev edit:0:2kqlkh edit:3:cbxtsr diskFails:1:ppmr1g closeTab:3:jfn69z edit:3:l69zia putBlob:2:wae1z2 edit:3:2r0se1 finish:1:xz60z4 crashTabSoon:1:guz2d8 edit:1:djyo66 close:1:ufs6wc editFurther:4:r61r58 swap:0:hp7ovw edit:2:hbbs61 edit:4:h5t2zx edit:0:up1yx3 guestEdits:3:5jt058 edit:3:lc8dlm relayCrash:4:3oqsm6 edit:0:sip7ep edit:1:9gh4ou getBlob:0:iccxeq edit:4:hztwhv release:0:nyqq4e relayStarts:2:j7fu5w edit:0:9j5xi5 edit:2:y55nmv cut:1:waaf3c delta:4:62rptr guestEdits:3:id6ads wait:0:ab0moh relayStarts:4:rb81yr guestEdits:1:c87rof delta:4:74xva5 askToStop:3:rfnj0k editFurther:2:w99pc7 storageFails:4:2quho9 edit:3:tvrdem online:0:yv3ydg edit:2:13840q putBlob:3:pyfe5l edit:2:crs8ju stream:1:8ntaex losePower:2:rjllz5 relayStarts:2:ln98m4 wait:0:gdmtv2 delta:1:jjqzz4 guestEdits:1:6rbhbo edit:2:rgrehs close:3:ybmjom crashTabSoon:0:p5gjit askToStop:4:9z5n4t cut:2:wy1hhm crashTab:3:qdo06f edit:3:4ht8ry close:1:mlmru4 closeTab:3:33sw8j delta:1:1htk7m putBlob:2:9zzamk tab:4:eubk1g lease:4:xvy7wm online:3:aadl4m guestComes:1:qxzptv wait:0:j0px39 online:1:b6ntta edit:3:3idtew editFurther:3:xbg4yl storageFails:2:l4txt1 diskFails:1:v5ykgn online:0:103c56 online:4:c3b87m relayCrashSoon:2:wqgjyw online:0:pauayx closeTab:0:mfq9rt create:2:ji7wao online:2:t6dr1n editFurther:1:kp25hh crashTab:4:wxlgak release:1:tu5v58 create:2:ndxlow create:4:eb5ucd delta:2:i0giib relayStarts:1:uzzlzs cut:2:2iiedu create:0:11mal7 close:2:kqh1ei crashTabSoon:1:co9f09 create:3:h7p1sw finish:3:3gepit stream:3:k9qxnh cut:0:5q6ro4 tab:4:7sqlvj wait:4:d6eo60 open:1:by2i3m open:3:qw88sd release:3:n9ekov wait:3:23arhg wait:4:fx3jwk tab:1:4x3dwv edit:4:80o8t6 wait:2:zf062n relayStarts:1:f7j8yg editFurther:4:943wnl edit:2:q9zb1m wait:4:42ogjy crashTabSoon:2:5jrorr open:3:qkl6f2 storageFails:1:pg2nhy stream:3:8vlq21 create:3:u540f9 askToStop:4:5e87gh close:3:hlnwez delta:3:cp7qfj guestComes:3:q0e6xw cut:1:smw797 online:0:7yfb8m editFurther:2:bn2voq swap:4:egy7zg',
  ],
  [
    'what the storage could not let go of, when the relay refused its epoch, is let go of later',
    104180,
    'putBlob:1:6kg3q8 storageFails:0:i2nw5v tab:3:dy618s edit:2:7cr4f1 finish:4:sck18z offline:4:3utnzu edit:4:psqodk tab:2:pi55xj wait:3:ebe6m editFurther:2:a6i5x6 edit:2:pixyap swap:3:ep26yy close:3:lwzalc close:3:55q46w close:3:12ei7q edit:3:6cgz02 wait:0:luntpq editFurther:3:qzuq2s create:1:l5iacp purge:3:2j073l storageFails:2:cwh14i open:2:8nivcr swap:1:qq2ce7',
  ],
  [
    'who holds a lease on any message is taken for one who answers',
    110343,
    'edit:0:80642i release:3:qyxztf putBlob:3:ulm39a putBlob:3:8lbp24 putBlob:1:99uagz lease:3:9eg0ie stream:0:h1cx9h closeTab:0:sr14mg',
  ],
  [
    'a load that fails behind a purge does not end the relay',
    113954,
    'delta:4:yr9o2o getBlob:3:c473fj edit:2:88bci7 edit:4:7mfxsa edit:3:7pxp0q getBlob:0:el8bv6 storageFails:3:j3vm0t guestComes:3:wfgjtq putBlob:4:v150c2 askToStop:4:wxh3bq open:0:iqengi lease:1:mxeioe offline:3:9qxptb delta:3:tubykj offline:3:ezfx9l duplicate:1:gk4sst edit:4:n3abxd finish:0:8x64du open:3:z1m76o relayCrash:0:je3pk1 cut:4:kuvy9 edit:2:uxoxay edit:2:kc681n edit:1:xqw5xe relayStarts:1:z8pnpm putBlob:2:hl70l7 edit:4:o2sjrg stream:1:kmisa8 askToStop:2:t3r0rw online:0:p77tei edit:4:gewxr3 edit:0:l575gm guestGoes:1:n4ixt7 close:1:7z993t edit:1:ffs1yo open:3:y0sc41 edit:3:qhh98s storageFails:4:6lo9z relayCrashSoon:1:np89ke guestEdits:2:hzp9eg tab:4:ab4vn0 open:4:a7d05f putBlob:1:54pm9t delta:0:6opu44 edit:3:msgmkr crashTab:4:ks69d2 edit:4:lgu6pw edit:1:hml3pc askToStop:1:yudp6p stream:4:fgcsgz cut:4:l1gsko changeWindow:2:v1vvwf edit:3:f1ltcq edit:0:9xc4fc edit:4:cljp3p open:3:x7z0p2 edit:4:4efcb8 online:0:l03ur8 relayStarts:0:4khpi3 duplicate:0:9p4vu1 delta:0:m54ruh wait:3:j7u8ge guestEdits:2:2bs0jx losePower:4:rsi8f5 crashTabSoon:4:l16cfw create:4:38fgy0 stream:1:tc8kib edit:2:hzgeg6 close:1:1ryw02 wait:0:7w3pnz open:4:9cc6zz edit:4:u9jclc lease:3:pndpg8 editFurther:0:x55hpf delta:0:cr9dg4 offline:3:rrr2g8 close:1:1zc3fb putBlob:2:b71sda edit:3:sjdvbj release:2:zguhl3 crashTabSoon:4:tfn3vj create:3:y7p5jv wait:1:sh8ylo storageFails:2:jrsu70 edit:3:cs6dgb tab:4:hra0s0 close:2:fcklgc stream:3:7ec5rt tab:2:7s24wa edit:4:e8fzcp storageFails:3:ilhyuo online:3:d0peuw editFurther:2:1o0okn edit:4:4iyqlp delta:1:pgvw07 guestGoes:0:sozfxw edit:0:p5nzpc crashTabSoon:3:9f5025 tab:1:pmxxw9 wait:2:l2xopf edit:4:2yzdnd edit:1:8mobwy wait:2:j3rt5z keepCopy:0:o3oept edit:0:nq5cj8 delta:4:lkjrdr delta:0:o2cpkd open:3:wscvly tab:3:vl4oec putBlob:4:5ooo3g purge:2:62eshu diskFails:0:6ufax1',
  ],
  [
    'a file is sent again to a folder that was copied before the relay was told of it, and goes on by the same name',
    51323,
    'cut:2:t5vxns swap:4:q9udje edit:2:tmsgzz keepCopy:2:7mptps closeTab:1:nwdouf putBlob:2:xycxd2 swap:4:f8b6y3',
  ],
  [
    'a file of a conversation that was purged does not wait to be sent',
    51919,
    'edit:1:5atzeb guestGoes:0:lvwste tab:0:1oga3o open:3:67zb4l edit:1:3cwyby putBlob:0:803xov relayStarts:0:oetzmd guestEdits:3:aib0dv edit:2:7p8ocx changeWindow:3:7whwt0 cut:1:xh6es2 wait:3:vrqtxp guestComes:4:p4461h open:2:lr7oet edit:4:hpsbd7 open:3:k67bzs putBlob:0:7ki8ce diskFails:1:fiiz7h purge:2:pnbgja open:3:ye5za crashTabSoon:4:b8ydoa editFurther:3:cdse88 edit:4:lck83i crashTab:0:pqiswf open:3:xmr0xs putBlob:3:jerbfn purge:2:mdk5v6 create:3:q3zt7k open:2:6d1wt5 storageFails:0:286yaq closeTab:3:fapmg delta:1:z6qcmx crashTabSoon:2:ew4okr relayCrash:2:fbd5i8 putBlob:0:r7906a edit:3:2dw52q open:1:kxpvtw crashTabSoon:0:7gozjh edit:2:cl7f0t tab:4:f5cxnf edit:4:4q0q6x close:3:9v5vep editFurther:0:b4wth crashTabSoon:4:f7xrc9 edit:1:29smow',
  ],
  [
    'what the feed told before the storage failed is not forgotten when the history goes on under another name',
    52976,
    'closeTab:4:1xyod5 guestComes:3:ugpqe4 relayStarts:0:v1cyfi wait:3:7xgmys putBlob:4:ehdu5y storageFails:1:v8rmwb create:2:z6xjf3 wait:4:ih6efc askToStop:4:ro7l23 changeRelay:1:i91mn7',
  ],
  [
    'a file is told again to a folder that was put back from a copy and lacks nothing else',
    55604,
    'offline:1:kk3n0b askToStop:3:8zt4aw keepCopy:1:mtvief edit:1:tbgskb editFurther:2:piq9hd edit:3:3ed072 open:0:xdobod relayCrash:4:b27wjl online:4:ngsu1u open:4:32u4iy relayStarts:4:9f48qr editFurther:0:f1edo7 putBlob:4:t9unoh delta:1:i4grn6 restore:4:8oq91h',
  ],
  [
    'a file is told again to a folder that was put back, by a device that came online after the copy',
    55983,
    'offline:0:jtlrm5 keepCopy:3:l7e2r9 relayCloses:4:nr5li3 edit:4:9hopiz release:4:7o3mes relayStarts:3:dfxtan edit:3:uq2glg edit:1:688ka9 putBlob:4:tbiaxx online:0:hq0tmx putBlob:3:e3p71h askToStop:0:nv48ua close:2:7tq3yt edit:2:5j3d4u askToStop:3:xto0hf putBlob:1:7zhq28 restore:4:c9i9iq',
  ],
  [
    'a file is told again after a wipe and a folder that was put back',
    61194,
    'putBlob:1:itr2oo delta:3:3j6y5t keepCopy:0:8vj1i1 edit:2:e4oafl create:2:flpeci offline:0:2a4lf4 open:0:t4b0cf storageFails:0:3r9vby online:3:f6od8j putBlob:0:ht1vp5 wipe:1:5qwg5r wait:3:qy6pb7 getBlob:3:yxc38p restore:4:4enu75 edit:0:32u4x0',
  ],
  [
    'a file is told again to a folder that went on by itself and came back',
    61366,
    'edit:1:hvoq7k cut:1:13cpq9 edit:4:3zczwx editFurther:3:9q4ii4 swap:1:10ug2w close:0:yst936 putBlob:4:4z6b9b edit:2:73yw69 editFurther:0:8so0a8 swap:0:8ktrp0',
  ],
  [
    'a file is told again by a window that was not there when it was told',
    62125,
    'cut:1:sjs4ni edit:1:9aq2m6 edit:4:qmfh6w putBlob:4:g0fzxf closeTab:3:gdxxpr keepCopy:2:udzfj9 crashTab:3:afnyjc crashTabSoon:1:8xhekj edit:3:b3w84g crashTab:0:qk8mo5 restore:0:2hcykx',
  ],
  [
    'a file is told again by a device whose last window closed before the folder came back',
    70209,
    'cut:4:8yejkf crashTabSoon:1:b3arru edit:4:o2uakr edit:0:stynhr swap:0:op2tgs putBlob:4:r8gnk3 wait:0:5gshg3 swap:2:1qpw5w closeTab:4:nulenj',
  ],
  [
    'a second file is told again to a folder that came back',
    73866,
    'putBlob:4:9nisb6 tab:4:nfo9i0 edit:1:4cvmyj close:3:3c3z9f wait:0:7cltxb putBlob:4:3hla4t edit:4:wmu4ye release:1:1i687y editFurther:1:f54682 relayStarts:1:ph2ihd open:2:porq6y swap:2:adgwso edit:2:r5pjwx swap:3:urhhk8',
  ],
  [
    'a file is told again by the next window of a device whose windows closed',
    77222,
    'edit:3:6pm9zz crashTabSoon:3:luka1m wait:2:b4i3cv closeTab:1:7osczx cut:2:barb42 crashTab:0:o5hzon keepCopy:2:wgbubr open:2:6i1zmu edit:3:rr5mxw putBlob:1:8pisv1 close:0:uij2w9 crashTab:1:n16moc closeTab:3:go3h45 restore:4:vecx4c',
  ],
  [
    'a file is told again after swaps, copies and a deleted storage',
    79421,
    'edit:4:kn6520 crashTabSoon:0:1r0abx cut:1:7d0dx9 guestEdits:4:9om66f editFurther:1:m75guc close:3:ebca8a finish:2:fuip0k keepCopy:4:xuhafq putBlob:0:hc4fis swap:3:c42ucx deleteStorage:3:prs9ps stream:0:k34oht restore:4:mj6pcs edit:2:oycp0v',
  ],
  [
    'a file that a full disk did not take is sent within minutes, while the storage fails too',
    50342,
    'relayStarts:1:9d7enq askToStop:3:7k823b edit:2:ibfyei edit:1:k076gs relayCrashSoon:3:vdqvhb delta:1:d6xjy8 guestEdits:2:o8flcj edit:3:teu9ox tab:0:ivi36l edit:3:btr9gj online:4:8b74ny delta:1:joc6tr crashTabSoon:0:92gnh4 open:2:5yyytq editFurther:0:gap767 relayStarts:3:k251zp release:1:rc62q2 wait:3:e43vlb storageFails:0:5sblvm edit:0:2f824c create:4:mb04sb edit:1:fckblm open:2:j7jnuq edit:0:vpbt1m guestComes:3:7f12hd edit:0:l6yfzw crashTab:4:o1xfo9 edit:3:jp97ad restore:2:vycof9 edit:2:475k9d edit:1:me5072 getBlob:4:i7fql9 keepCopy:0:hfo45o edit:2:8l07so relayCrashSoon:2:66i6no putBlob:1:oqjap0 guestEdits:1:p9418 crashTabSoon:2:zb5250 open:1:2uny8v wait:3:axp17 edit:3:q9hv2a open:2:f33d6w crashTabSoon:4:78wti4 open:0:bb19ec create:1:ruyrof open:0:vmy82k create:3:oqqdtw delta:3:7yoqhy stream:0:1mo6m8 tab:3:wu1fb6 tab:4:dhd2kd delta:1:admkan edit:0:i6z9i8 stream:1:bqu8c3 edit:1:18i7ql edit:2:mmqoa3 purge:4:sd66mx edit:4:eu5rkp open:2:pkn6o7 edit:1:thg31f edit:4:cnj5zc delta:3:gxeakr edit:2:8jf6zb close:0:p14aln guestEdits:2:66qlvs edit:0:havbrw crashTab:2:hq3tkb wait:4:gw4r90 editFurther:3:sfefw8 relayStarts:3:sgc26o guestComes:0:vvqvra create:3:a1n5w8 edit:4:6vl2s5 guestGoes:2:u6yp1m duplicate:1:u15zgp askToStop:4:1iraa0 crashTab:0:6oem4m edit:3:h0ewqy guestComes:1:3wtm2n close:2:hlygqq wait:4:ibfat2 wait:4:1vlrzo putBlob:1:cxd7gq release:1:5btvcl editFurther:0:6qmn6 release:3:b49u6s release:4:sjvrhu putBlob:4:398hb0 close:4:3d68f6 edit:2:hwhvld tab:1:suac9g edit:0:2o6k7q edit:0:oe4pxk storageFails:1:hjebif edit:3:n4pdsp diskFails:0:6j3q7y create:4:4m5dht',
  ],
  [
    'a file that a full disk did not take is sent within minutes',
    55837,
    'edit:3:tfjzc6 crashTab:0:10vryk edit:3:aj68hk finish:0:d1t8ek lease:3:n8giq8 crashTab:0:e2xcnl cut:3:ipteoy edit:0:x4sxfo create:0:2g9o0l closeTab:4:plz0xb putBlob:2:ikm34o tab:0:lqm8ks wait:2:3b3k2l close:0:bir25d edit:2:4tj1vq open:0:3v7a5h edit:0:xduhgi editFurther:3:a7sfx2 edit:1:fzgu06 putBlob:3:ub67ri finish:0:do0e1i edit:3:bwmdml offline:4:uj0laf diskFails:0:lztfpm putBlob:3:pq1xr6',
  ],
  [
    'a file that is added to a conversation that was purged elsewhere does not wait',
    66259,
    'askToStop:1:9c9hb create:3:zfqwpk create:2:z6cw4o putBlob:0:npcu59 wait:2:hwwob2 changeRelay:4:5vbxn3 purge:3:2dnq66 putBlob:0:l0lmzf',
  ],
  [
    'two windows that waited for the end of an answer do not take each other for who answers',
    114660,
    'edit:3:3wtrys edit:3:jy49mc losePower:2:ff6rty wait:1:9qxhdi close:2:dgzjn5 losePower:1:eg8kfz close:3:mpst2r tab:1:jt927b edit:1:oz600b delta:1:ven12m edit:4:ne7h6y stream:4:9fy8gj putBlob:1:r6l6ij diskFails:4:wa0hqx stream:3:r36q5e edit:0:6xh00p storageFails:0:mfb46a delta:4:jhkubd',
  ],
  [
    'what is written as interrupted in a conversation that nobody has open is sent',
    211325,
    'edit:2:tekabo putBlob:3:bp6o35 create:4:pnh9fo cut:3:1p75xa editFurther:1:vikm58 open:4:wnmn58 open:3:havqwk edit:1:gwadg askToStop:2:xen5qw losePower:4:5za9i delta:4:edwlml storageFails:0:4jgjd3 edit:2:r6066e relayCloses:2:knftww stream:4:ub0ufo closeTab:4:oksosc create:3:e28hy9 release:3:ovhqib edit:3:442myw tab:4:xh56g5 open:2:n98nvm relayStarts:0:3u6kfy edit:0:z10jhp losePower:0:g4eg6h editFurther:0:dl32yy create:0:98vgb askToStop:3:bhb07t create:3:hvo0pu close:2:fvn6tk tab:3:xqp4q3 edit:3:2b5ttp diskFails:0:6prbp6 tab:0:xdz0n2 tab:3:pcqy7y edit:3:ihy9w6 delta:4:hdy63q swap:3:3bx4up finish:4:a5o9ii tab:0:r8y7o1 release:2:8lljnc diskFails:0:j5kj49 guestEdits:4:9ktyjw guestComes:2:dwva4v edit:0:s5cd2d crashTabSoon:3:w26pnd open:1:562bjt edit:1:b9l9tg create:2:sqwfwo edit:2:i8k4ag relayStarts:1:csd55a duplicate:1:6u1lts guestEdits:2:m7x8c2 guestComes:2:bg3da8 delta:4:2li6zj wait:0:jysr4q open:4:fizjfr stream:1:ecjttn edit:2:nwj47i delta:4:qqxu8p edit:0:ojh21v wait:0:barfe0 tab:2:357qrs editFurther:2:1e0dio edit:1:vyry33 delta:1:gf2lhb offline:4:hjx9mh deleteStorage:4:18f1y1 keepCopy:1:38x956 relayStarts:0:9ra725 edit:1:cjmvgs close:2:5rhxpd cut:3:b1j7z5 stream:4:u963yx losePower:0:gz3vxt edit:4:lccatw release:4:rj3vsj relayCrashSoon:3:wkbjnt getBlob:4:kn15d6 open:3:oxk4i0 edit:0:mtxziv edit:3:geqtdk stream:4:r97z9n relayStarts:2:f5ds6i create:2:18z2ue wait:3:sbt5r4 close:4:7khr5y getBlob:3:z9sptq open:4:1t808v offline:2:3vjv72 close:1:try78m stream:0:52b8fs open:1:u7b0dk delta:0:50v9w4 edit:3:pkcir8 edit:1:xza9do open:3:ltagav create:2:rrhhq3 edit:0:p7x5kf crashTab:4:x04378 close:0:yajw0 online:0:g3ng76 edit:4:38jm7j edit:1:mq2w1 edit:2:280xc0 diskFails:0:bp3hbx crashTab:0:it68cb edit:4:2vt325 edit:2:s398w1 finish:0:yk6tgh delta:0:wese1u open:1:pbamqr offline:0:b3vl02 edit:2:1purq8',
  ],
  [
    'a lease that another window has is over in the whole browser, given back or not',
    117193,
    'close:0:hjblq0 wait:0:3hob2b cut:4:svvcd4 losePower:4:9qt3s3 open:2:b66wfq guestComes:2:c2mt2c edit:4:b7wudj stream:1:2vn1ja edit:2:lizqlo edit:3:9u7kfb open:3:9ege5k open:2:1ralb5 cut:0:7r3kox close:1:9dssa0 guestEdits:1:7t1fq8 open:0:m6967j close:2:5gnu8l open:4:dv5x60 lease:3:h1szrt crashTabSoon:2:rkkzn9 wait:3:ckt27e edit:2:ijtzs9 create:2:vdmnpa tab:4:mbwva stream:4:loqsnu deleteStorage:0:sdwpq6 crashTab:2:adtnpg crashTab:4:bbnqbo release:4:i7jmw5',
  ],
  [
    'who answers is forgotten with the connection that told it',
    117193,
    'close:0:hjblq0 wait:0:3hob2b cut:4:svvcd4 losePower:4:9qt3s3 open:2:b66wfq guestComes:2:c2mt2c edit:4:b7wudj stream:1:2vn1ja edit:2:lizqlo edit:3:9u7kfb open:3:9ege5k open:2:1ralb5 cut:0:7r3kox close:1:9dssa0 guestEdits:1:7t1fq8 open:0:m6967j close:2:5gnu8l open:4:dv5x60 lease:3:h1szrt crashTabSoon:2:rkkzn9 edit:3:pu59fe edit:2:j2ne0g tab:4:mbwva stream:4:loqsnu relayCrashSoon:0:42pbs deleteStorage:0:sdwpq6 wait:0:ecot9l crashTab:2:adtnpg crashTab:4:bbnqbo release:4:i7jmw5',
  ],
  [
    'a lease that was asked for in a conversation that is closed is not waited for',
    300793,
    'wait:4:6x3xyl edit:1:7deewn wait:2:im1yhd edit:2:3ivj0t relayCrashSoon:2:bsb1og relayStarts:3:12rg9g crashTab:3:30weae crashTab:4:olgcd8 edit:4:eqmz0w tab:1:t3k1yw wait:2:d85udh closeTab:1:fpv7fw finish:4:alezwv tab:1:7wgpdj edit:1:9hmxjb losePower:3:j8ob2e crashTabSoon:3:gzj4su lease:3:8tavsi stream:3:q867wm close:4:8t86rh release:0:ua7esb',
  ],
  [
    'a message that another window ended is over for its writer',
    304069,
    'edit:4:lsj2q wait:2:9i6jc1 closeTab:1:1rnch edit:4:jmilgy closeTab:2:ed224d edit:3:b7cf5o putBlob:0:yb6pjq tab:1:sv99xr edit:3:nn7gco edit:1:fde6p7 create:2:9edh7q crashTabSoon:2:jhkstq delta:1:bj7isz putBlob:1:59c8vd guestComes:3:mbx2mo stream:4:suie20 edit:4:drw31v getBlob:2:bl020l edit:0:jzhvyz stream:2:jfrk73 closeTab:1:3rdwm5',
  ],
  [
    'a purge that a relay had done before it was wiped is asked for again, also under an epoch that its asker never heard of',
    230075,
    'edit:0:6lgrph edit:4:9ih96m create:4:61hljd guestEdits:1:i2gw11 edit:3:qs4kcx edit:1:f4z0vk edit:3:7g217c tab:0:xwatu1 delta:1:1g9utv delta:1:z0w9wc tab:4:3lvw4n edit:4:50uegm edit:3:5299kk delta:4:w93ysu stream:2:wqawem edit:4:4pclrn offline:1:un4axs guestEdits:1:4gqxt9 putBlob:2:a9xrni close:1:3788yo putBlob:0:mo5yaq create:3:fewf6i wait:4:r591s purge:2:1qwsg edit:1:ylcu90 wipe:4:peoxik',
  ],
  [
    'a purge under the epoch of another folder leaves asked for that under the own one',
    230318,
    'edit:4:ko8dm2 edit:3:vf3owg edit:2:5hle4x edit:2:2hjs0x keepCopy:2:mlugld putBlob:1:5uzfgm wipe:0:vh3zz4 edit:3:4jd82r wait:1:r4mo31 purge:0:t09klt restore:2:heckf2',
  ],
  [
    'a purge that a relay had done is asked for again when an older copy of its folder is put back',
    301712,
    'edit:3:ewz4p8 edit:3:ao6yv5 delta:0:bao37o create:3:rxs80w offline:2:fumdh8 keepCopy:1:4mykgl storageFails:3:v1vrq2 edit:3:rblwlr edit:2:uq79nj storageFails:0:ldqaac create:4:miwror wait:3:q2mnm3 edit:1:z7z8g2 putBlob:4:s3rcz1 purge:4:vx2bzo editFurther:4:c8hl4g offline:0:6ppsfu restore:2:76w9rr',
  ],
  [
    'over version 1 everybody hears of everything before a folder is put back, also who has a connection that nobody said was dead',
    135,
    'close:3:grobzk edit:2:mndl45 create:3:b7ib9b edit:1:x86hhb changeRelay:4:t7e90m crashTab:4:uapvln wipe:0:j95d2n open:1:kcir4k tab:4:6mu91v close:3:9xu9ty keepCopy:2:uqtc23 edit:4:d8pte7 cut:1:92gsfx editFurther:1:7ej8y6 restore:0:rvy1d closeTab:1:hlpzcd edit:1:1yo6rj',
  ],
  [
    'what was set aside and cannot be read at once, because the storage was lost behind it, is nothing that nobody handles',
    840054,
    'close:4:s8s6rg create:0:mk2fqv close:3:69sp3s edit:1:ir7o7 edit:0:7myzlk edit:1:sjlsv9 finish:0:qb0arb crashTab:4:yayvmr stream:2:6da1xa delta:1:96rvmy delta:0:d0az9x storageFails:1:e7fgcu finish:1:2y5351 edit:3:iamk5s crashTab:1:tk3sum wait:1:6z2p7p askToStop:2:bomld8 edit:1:s9a2bz edit:1:hi4ojy edit:4:g6xprf relayCrash:2:1m3ewr relayCrashShown:0:odu7zj relayStarts:1:yscbpr stream:1:4kgmu7 delta:0:qm7ujt tab:0:qwvf64 edit:3:lckac9 open:2:tpwsg5 edit:4:mah6bw wait:3:hyff2h edit:3:2uaoc9 tab:1:wjvrna wait:3:372vp delta:1:cp2dae cut:3:11dd3 delta:0:2afume release:0:515bhr crashTabSoon:0:i28rfj open:1:nw9gh8 edit:0:wg9jfm edit:2:ze733l relayStarts:0:x5xudv edit:1:x1vqeb stream:0:du75fw edit:4:o0i46e editFurther:2:188pwi close:4:vzkqy1 storageFails:3:hy0num putBlob:0:3i2l42 edit:4:mrigyt edit:4:twa2dh keepCopy:4:qudhse release:3:4zf2tr cut:4:dyh6yn putBlob:3:spxnnn closeTab:4:6k3z8s edit:2:64ep35 edit:4:ue0cev edit:0:q0cl2d askToStop:3:55721t wait:2:vs6wuh tab:3:98c6g3 stream:1:xgahln cut:0:li0c6i deleteStorage:2:uh8svh offline:3:ejxqd8 crashTabSoon:3:nbca5h relayStarts:0:6xv50b diskFails:4:ermeql tab:2:p20jn edit:2:ou45sw release:3:vt9pke delta:0:iwb8n7 relayCloses:4:u02r9x relayStarts:1:dswvin online:0:nb1yq3 guestEdits:3:sud2v6 guestComes:2:5p7n5z stream:3:11ct6l edit:2:4fv5fp create:2:68hidt guestEdits:0:qurixq edit:0:e0vmbc editFurther:1:wldzlu crashTab:2:19syzx guestEdits:4:dfs67y wait:3:ycz69u edit:1:cpzlq edit:1:oblaws open:3:c5h0et storageFails:2:nymjnn relayStarts:2:4s5y2w edit:3:ns5ov0 wait:0:7crih4 create:4:ssp42v putBlob:0:ckqjlx edit:0:7zc54v online:1:1w1ils edit:3:svxrrf purge:2:tqyve2 close:0:f7yiga getBlob:3:peb1te delta:1:vqu5k3 tab:0:1zl0nx editFurther:1:uokeyg create:0:7nxgpy relayStarts:4:r0o9mc edit:0:xujukx edit:2:tscszq storageFails:0:6vjxk8',
  ],
  [
    'a conversation of which nothing is in memory yet when its storage was deleted is not told to all as an empty one',
    851333,
    'crashTabSoon:4:fpkelz delta:0:y3zgv2 delta:2:slnv7c swap:1:upaca8 edit:2:rxg2he close:2:33r9ob editFurther:3:4anu9j lease:1:vpyhue delta:2:qohb9n crashTab:1:4cddc7 wait:1:nmlgum putBlob:1:7nkd3b askToStop:2:a7t43n create:3:e1ksct open:2:yva131 putBlob:0:8ratai create:1:dj61nb online:2:9zsrii guestEdits:4:7k0dgt askToStop:1:73b16u edit:0:gaaey8 edit:4:7x7u22 stream:2:uly4za relayCrash:2:kb101u open:2:cwzbfe finish:0:yxvm5k delta:0:4ro1u relayStarts:1:8edkz6 relayStarts:2:67e42n edit:3:jgfimt edit:3:n48zfe open:4:26hw78 edit:4:sgvg8y edit:3:1pmwfq edit:0:2b21j edit:2:a8pxh2 delta:0:bdt5mn crashTab:2:aplsbw edit:1:9yr8bt purge:4:wkxskr editFurther:3:7e45tj guestEdits:3:py4tn9 crashTabSoon:3:6ggu1v edit:4:4pesuk wait:1:cfzd5f crashTabSoon:1:ddfizk relayStarts:3:sex3c8 guestEdits:1:dznjon guestEdits:4:a734xx wait:4:8mk2oc edit:4:y09mct delta:2:7m2gyd finish:1:5q2kx delta:3:moabux relayCrashSoon:3:nh80dl tab:3:o77jof edit:2:8aozkk edit:1:tfkw4g delta:0:8o3m9l delta:2:alm52k close:2:cegsux online:0:yjhqxf close:0:1y57d8 guestEdits:2:ihs5qz tab:0:161qii editFurther:2:upltc1 close:2:t0z9l7 edit:0:yopwm5 closeTab:1:lwyibh online:1:7w3p5u edit:4:ak6x4l crashTabSoon:1:1vo6tg delta:1:lpfdr1 open:2:jc02ph release:3:3l1mvf stream:2:z9ohmo edit:3:hb9glw edit:4:ff8dnl edit:3:61wgz0 close:2:4xmskt delta:0:qvdmy getBlob:4:fbfvbc relayCrash:2:8oip7s edit:1:7zex1c guestGoes:4:u5nes9 edit:4:1oyosi wait:1:fxwjqc stream:0:9enpxy edit:2:ihewy4 closeTab:0:7u1tw edit:3:mvetp0 wait:3:26efg9 edit:0:lu30ix keepCopy:1:u84you edit:1:sy5d1u putBlob:3:lzv0ig edit:0:ggiaj3 delta:0:crpmna crashTabSoon:4:rzvpla open:4:bjbkch close:3:ep4f5m edit:2:kyt1jw relayStarts:4:sqtsuh close:3:c0mtw1 edit:0:hqikty wait:4:uim6we edit:0:sdanxq open:2:p50o1c wait:1:95l0lf delta:2:wssseg relayCrash:1:qqxlfq cut:0:ph4r79 relayStarts:1:t4ho9b edit:3:yyfu56 cut:4:muevx3 tab:1:fzlto5 closeTab:4:gdzsjl relayStarts:3:nkozvj release:2:rtl1z2 delta:0:owaa41 open:1:xr3dd3 putBlob:3:9wxan7 guestComes:4:sjxo7t closeTab:3:u21arj relayStarts:1:y369qf editFurther:4:7skab4 open:4:f97qrj getBlob:0:7m55ab guestEdits:3:mji3ms close:3:7211df tab:1:fsu8tk tab:4:m3j6ij deleteStorage:3:jarj7t edit:0:cjtivp edit:4:ksnops edit:3:ggwcab open:0:5e4rtt crashTabSoon:4:fgk0ou wait:3:if460q',
  ],
  [
    'what lived in the place of a history that was lost, and was purged, is not begun anew by who has that of before',
    731098,
    'lease:2:v9jh5j edit:3:f99zfm offline:1:d8klh9 open:4:m4z4xc guestEdits:4:cplbty guestGoes:3:6zxg41 close:1:x64uso cut:2:uycf2b finish:0:ic2l1p relayCrashSoon:4:2vwuex edit:1:4024yy diskFails:1:6cc2v1 wait:2:88huj2 close:3:bomxco askToStop:2:fu8g21 edit:0:2v3x09 create:3:clqj5b delta:1:86ot85 putBlob:1:6z13xm crashTabSoon:3:4rdcsj edit:3:nk2xgj edit:0:7ktp1q finish:1:73uiva wait:2:46aoet relayStarts:3:hjsrbc crashTab:1:nbs3og closeTab:2:6w1sis crashTab:0:q0xvko open:4:l2xgwk tab:2:2vh3a9 editFurther:4:je4z8c duplicate:4:bp11dz edit:3:dfjj5h changeWindow:4:iwuih0 wipe:2:u8tyix closeTab:3:1v175v crashTabSoon:3:j7vqkg editFurther:0:ktk6h2 closeTab:0:rt8due relayStarts:3:bb20h1 purge:2:zdfely',
  ],
  [
    'what was purged under an epoch that a device never heard of is not begun anew by it from a history that was lost',
    900897,
    'edit:0:ezs3ou edit:3:fjyf guestEdits:3:9lushl cut:0:s10wbj purge:1:esavnl closeTab:0:kg2o0w relayStarts:3:6z3ulg wipe:2:nhs6nk create:3:t775tb tab:0:n6ikr3 edit:3:46ibzf purge:0:m18jyj',
  ],
]

test.each(FOUND)('%s (seed %i)', async (_name, seed, plan) => {
  await play({ seed, plan: parsePlan(plan), peers: PEERS })
})
